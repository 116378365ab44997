/** Which addresses are reached: by every spelling that there is of those that are not. @promise hop:least-authority */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalUrl, type EgressPolicy, egressRefusal, judged, policyAt } from "../../../mesh/egress/address.ts";

const DEPLOYED: EgressPolicy = { allowLoopback: false, own: { hosts: ["mesh.example"], port: "443" } };
const LOCAL: EgressPolicy = { allowLoopback: true, own: { hosts: [], port: "8787" } };

const refusal = (url: string, policy = DEPLOYED) => egressRefusal(new URL(url), policy);

describe("a deployed mesh does not reach", () => {
  it.each([
    ["loopback", ["127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "017700000001"]],
    [
      "loopback, odd spellings",
      ["0177.0.0.1", "127.0.0.1.", "127.0.00000.1", "１２７.０.０.１", "127。0。0。1", "%31%32%37.0.0.1"],
    ],
    [
      "loopback by IPv6",
      ["[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0::ffff:127.1.1.1]"],
    ],
    ["loopback within IPv6", ["[::127.0.0.1]", "[::ffff:0:127.0.0.1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::7f00:1]"]],
    ["loopback in a tunnel", ["[2002:7f00:1::]", "[2001:0:4136:e378:8000:63bf:80ff:fffe]"]],
    ["loopback by name", ["localhost", "LOCALHOST", "localhost.", "a.localhost", "a.b.localhost.", "ｌocalhost"]],
    [
      "private",
      ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "167772161", "0xa000001"],
    ],
    ["private by IPv6", ["[fc00::1]", "[fd12:3456::1]", "[fec0::1]", "[::ffff:10.0.0.1]", "[64:ff9b::10.0.0.1]"]],
    ["link-local", ["169.254.0.1", "[fe80::1]", "[febf::1]", "[::ffff:169.254.1.1]"]],
    ["metadata", ["169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "[::ffff:a9fe:a9fe]"]],
    ["metadata by name", ["metadata.google.internal", "metadata.google.internal.", "METADATA.GOOGLE.INTERNAL"]],
    [
      "metadata of other clouds",
      ["100.100.100.200", "192.0.0.192", "[fd00:ec2::254]", "instance-data", "instance-data.ec2.internal"],
    ],
    ["nothing, everybody, nobody", ["0.0.0.0", "0", "[::]", "255.255.255.255", "224.0.0.1", "[ff02::1]", "240.0.0.1"]],
    [
      "shared and reserved",
      ["100.64.0.1", "198.18.0.1", "192.0.2.1", "198.51.100.7", "203.0.113.9", "[2001:db8::1]", "[100::1]"],
    ],
    ["itself", ["mesh.example", "MESH.example", "mesh.example.", "mesh.example:443", "mesh.example:00443"]],
  ])("%s", (_, hosts) => {
    for (const host of hosts) expect(refusal(`https://${host}/`), host).toBeDefined();
  });

  it("anything but http and https, and no URL with credentials", () => {
    for (const url of ["ftp://a.example/", "file:///etc/passwd", "data:,x", "ws://a.example/", "gopher://a.example/"]) {
      expect(refusal(url), url).toMatch(/is not http/);
    }
    for (const url of ["https://a:b@a.example/", "https://a@a.example/", "https://:b@a.example/"]) {
      expect(refusal(url), url).toMatch(/credentials/);
    }
  });
});

it("a deployed mesh reaches public addresses and names, whatever they look like", () => {
  const hosts = [
    "a.example",
    "93.184.216.34",
    "[2606:4700::1111]",
    "[::ffff:8.8.8.8]",
    "172.32.0.1",
    "11.0.0.1",
    "169.253.1.1",
  ];
  const lookalikes = [
    "localhost.example",
    "notlocalhost.example",
    "10.0.0.1.example",
    "metadata.example",
    "mesh.example.org",
  ];
  for (const host of [...hosts, ...lookalikes]) expect(refusal(`https://${host}/`), host).toBeUndefined();
  expect(refusal("https://mesh.example:8443/"), "another service of the host").toBeUndefined();
});

it("every spelling of an IPv4 address is judged as the address", () => {
  fc.assert(
    fc.property(fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)), ([a, b, c, d]) => {
      const number = a * 2 ** 24 + b * 2 ** 16 + c * 2 ** 8 + d;
      const dotted = refusal(`http://${a}.${b}.${c}.${d}/`) !== undefined;
      const hex = (n: number) => n.toString(16).padStart(2, "0");
      const mapped = `${hex(a)}${hex(b)}:${hex(c)}${hex(d)}`;
      for (const host of [
        String(number),
        `0x${number.toString(16)}`,
        `0${number.toString(8)}`,
        `0x${hex(a)}.0${b.toString(8)}.${c * 256 + d}`,
        `${a}.${b * 2 ** 16 + c * 256 + d}`,
        `[::ffff:${mapped}]`,
      ]) {
        expect(refusal(`http://${host}/`) !== undefined, host).toBe(dotted);
      }
      for (const prefix of ["64:ff9b::", "64:ff9b:1::", "::ffff:0:", "::"]) {
        if (dotted) expect(refusal(`http://[${prefix}${mapped}]/`), prefix).toBeDefined();
      }
    }),
  );
});

describe("a mesh that listens on loopback", () => {
  it("reaches loopback, but not itself by any of its names", () => {
    for (const host of ["127.0.0.1", "localhost", "[::1]", "a.localhost", "127.0.0.2"]) {
      expect(refusal(`http://${host}:9001/`, LOCAL), host).toBeUndefined();
      expect(refusal(`http://${host}:8787/`, LOCAL), host).toMatch(/the mesh itself/);
    }
    for (const host of ["0.0.0.0", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]"]) {
      expect(refusal(`http://${host}:8787/`, LOCAL), host).toBeDefined();
    }
    expect(refusal("http://some-name:8787/", LOCAL), "a name may resolve to us").toMatch(/the mesh itself/);
    expect(refusal("http://some-name.example:9001/", LOCAL)).toBeUndefined();
  });

  it("knows its own port when it is the scheme's", () => {
    const own = { allowLoopback: true, own: { hosts: [], port: "80" } };
    expect(refusal("http://localhost/", own)).toMatch(/the mesh itself/);
    expect(refusal("https://localhost/", own)).toBeUndefined();
  });

  it("still reaches nothing private", () => {
    for (const host of [
      "10.0.0.1",
      "192.168.1.1",
      "169.254.169.254",
      "[fe80::1]",
      "[fd00::1]",
      "metadata.google.internal",
    ]) {
      expect(refusal(`http://${host}:9001/`, LOCAL), host).toBeDefined();
    }
  });
});

describe("two URLs are one agent", () => {
  it.each([
    [
      "loopback's names",
      [
        "http://localhost:9/a",
        "http://127.0.0.1:9/a",
        "http://[::1]:9/a",
        "http://127.1:9/a",
        "http://x.localhost:9/a",
      ],
    ],
    ["the root's dot", ["https://a.example/", "https://a.example./", "https://A.EXAMPLE"]],
    ["the default port", ["https://a.example:443/x", "https://a.example/x"]],
    ["fragments and credentials", ["https://a.example/x#one", "https://u:p@a.example/x", "https://a.example/x"]],
    ["the order of a query", ["https://a.example/?a=1&b=2", "https://a.example/?b=2&a=1"]],
    ["steps in a path", ["https://a.example/x/../y", "https://a.example/./y", "https://a.example/y"]],
    ["spellings of an address", ["http://134744072/", "http://8.8.8.8/", "http://0x08080808/"]],
  ])("by %s", (_, urls) => {
    expect(new Set(urls.map(canonicalUrl)).size).toBe(1);
  });

  it.each([
    ["path", "https://a.example/x", "https://a.example/y"],
    ["port", "http://127.0.0.1:9001/", "http://127.0.0.1:9002/"],
    ["scheme", "https://a.example/", "http://a.example/"],
    ["query", "https://a.example/?agent=a", "https://a.example/?agent=b"],
    ["host", "https://a.example/", "https://b.example/"],
  ])("but not with another %s", (_, one, other) => {
    expect(canonicalUrl(one)).not.toBe(canonicalUrl(other));
  });

  it("and the canonical URL of a canonical URL is itself", () => {
    fc.assert(
      fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
        expect(canonicalUrl(canonicalUrl(url))).toBe(canonicalUrl(url));
      }),
    );
  });
});

describe("the host by which a request has come", () => {
  const judge = (requestUrl: string, url: string) => judged(url, policyAt(requestUrl, DEPLOYED))?.refusal;

  it("is the mesh itself, for that request alone, whatever was judged before", () => {
    for (let again = 0; again < 2; again++) {
      expect(judge("https://mesh.example/v1/agents", "https://other.example/")).toBeUndefined();
      expect(judge("https://other.example/v1/agents/a/invoke?x=/", "https://other.example/")).toMatch(
        /the mesh itself/,
      );
      expect(judge("https://other.example", "https://mesh.example/")).toMatch(/the mesh itself/);
      expect(judge("https://OTHER.example?q", "https://other.example/")).toMatch(/the mesh itself/);
    }
  });

  it("is remembered for no more hosts than there may be, and judged the same beyond", () => {
    for (let n = 0; n < 250; n++) {
      expect(judge(`https://host-${n}.example/`, `https://host-${n}.example/a`)).toMatch(/the mesh itself/);
      expect(judge(`https://host-${n}.example/`, `https://host-${n + 1}.example/a`)).toBeUndefined();
    }
  });
});
