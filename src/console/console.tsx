/** The frame of every page: who is signed in, where one can go, and the page itself. */
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { AgentPage } from "./agents/agent-page.tsx";
import { AgentsPage } from "./agents/agents-page.tsx";
import { ChainPage } from "./chain/chain-page.tsx";
import { ChainsPage } from "./list/chains-page.tsx";
import { Notice } from "./parts/notice.tsx";
import { forgetKey, onKey, readKey } from "./session/key.ts";
import { href, type Route, useRoute } from "./session/route.ts";
import { SignIn } from "./session/sign-in.tsx";

export function Console() {
  const [key, setKey] = useState(readKey);
  useLayoutEffect(() => onKey(() => setKey(readKey())), []);
  const route = useRoute();
  if (key === undefined) return <SignIn />;
  return (
    <>
      <button type="button" class="skip" onClick={skip}>
        Skip to the content
      </button>
      <Bar route={route} />
      {/* Another key sees another mesh: nothing of the one before is kept. */}
      <Content key={key} route={route} />
    </>
  );
}

/** No link, as elsewhere: the fragment is the route. */
function skip(): void {
  document.getElementById("content")?.focus();
}

function Bar({ route }: { readonly route: Route }) {
  const current = (...pages: Route["page"][]) => (pages.includes(route.page) ? "page" : undefined);
  return (
    <header class="bar">
      <a class="brand" href={href("/chains")}>
        Hopline
      </a>
      <nav aria-label="Console">
        <a href={href("/chains")} aria-current={current("chains", "chain")}>
          Chains
        </a>
        <a href={href("/agents")} aria-current={current("agents", "agent")}>
          Agents
        </a>
      </nav>
      <a class="aside" href="/docs">
        API
      </a>
      <button type="button" class="quiet" onClick={() => forgetKey()}>
        Sign out
      </button>
    </header>
  );
}

function Content({ route }: { readonly route: Route }) {
  const { page, id } = route;
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  // Whoever goes to another page begins there, with the keyboard too.
  useEffect(() => {
    document.title = `${TITLES[page]}${id === "" ? "" : ` ${id.slice(-8)}`} · Hopline`;
    if (first.current) first.current = false;
    else {
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }, [page, id]);
  return (
    <main id="content" ref={main} tabIndex={-1}>
      <PageOf route={route} />
    </main>
  );
}

const TITLES: Readonly<Record<Route["page"], string>> = {
  chains: "Chains",
  chain: "Chain",
  agents: "Agents",
  agent: "Agent",
  unknown: "Not found",
};

function PageOf({ route }: { readonly route: Route }) {
  const { page, id, params } = route;
  switch (page) {
    case "chains":
      return <ChainsPage params={params} />;
    case "chain":
      return <ChainPage key={id} chainId={id} params={params} />;
    case "agents":
      return <AgentsPage params={params} />;
    case "agent":
      return <AgentPage key={id} name={id} params={params} />;
    case "unknown":
      return (
        <Notice title="There is no such page">
          <p>
            <a href={href("/chains")}>Go to the chains</a>
          </p>
        </Notice>
      );
    default:
      return page satisfies never;
  }
}
