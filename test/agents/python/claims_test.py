"""The pure parts of hopline_agent.py; run by test/agents/serve/python.test.ts."""
import base64
import io
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../../agents/python"))

import hopline_agent as kit  # noqa: E402

HEADERS = {"Hopline-Chain": "chain", "Hopline-Hop": "hop"}
HEADER = {"alg": "EdDSA", "typ": "hop+jwt"}
CLAIMS = {"aud": "default", "sub": "greeter", "txn": "chain", "jti": "hop", "exp": 1000}


def part(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def check(header=HEADER, claims=CLAIMS, headers=HEADERS, now=999, token=None):
    return kit.check_claims(token or part(header) + "." + part(claims) + ".x", "greeter", "default", headers, now)


class Claims(unittest.TestCase):
    def refused(self, why, **change):
        with self.assertRaises(kit._Refused) as caught:
            check(**change)
        self.assertEqual((caught.exception.status, caught.exception.code), (401, "token_invalid"))
        self.assertIn(why, caught.exception.detail)

    def test_takes_a_token_for_this_agent_and_hop(self):
        self.assertEqual(check()["txn"], "chain")

    def test_refuses_another_agent_mesh_type_or_algorithm(self):
        self.refused("not for 'greeter'", claims={**CLAIMS, "sub": "other"})
        self.refused("mesh 'default'", claims={**CLAIMS, "aud": "other"})
        self.refused("mesh 'default'", header={**HEADER, "typ": "JWT"})
        self.refused("mesh 'default'", header={**HEADER, "alg": "none"})

    def test_refuses_what_is_over(self):
        self.refused("expired", now=1000)
        self.refused("expired", claims={**CLAIMS, "exp": float("nan")})
        self.refused("expired", claims={**CLAIMS, "exp": "9999"})

    def test_refuses_a_token_of_another_hop_than_the_headers_name(self):
        self.refused("headers", headers={**HEADERS, "Hopline-Hop": "other"})
        self.refused("headers", headers={**HEADERS, "Hopline-Chain": "other"})
        self.refused("headers", headers={})

    def test_refuses_what_is_no_token(self):
        deep = base64.urlsafe_b64encode(b"[" * 40_000).decode()
        for token in ("nonsense", "a.b", "..", part([]) + "." + part(5) + ".x", part({}) + "." + part({}) + ".", deep + "." + deep + "."):
            self.refused("a mesh makes", token=token)


class Events(unittest.TestCase):
    def read(self, text, heard=None):
        return kit._read_events(io.BytesIO(text.encode()), None if heard is None else heard.append)

    def test_hears_the_pieces_and_gives_the_result(self):
        heard = []
        text = ': hello\n\nevent: hop\ndata: {}\n\nevent: chunk\ndata: {"a":\ndata: 1}\n\nevent:result\r\ndata:{"output":2}\r\n\r\n'
        self.assertEqual(self.read(text, heard), {"output": 2})
        self.assertEqual(heard, [{"a": 1}])

    def test_a_problem_is_a_rejection(self):
        with self.assertRaises(kit.HopRejected) as caught:
            self.read('event: problem\ndata: {"code":"cycle_detected","detail":"A loop.","hopId":"h"}\n\n')
        self.assertEqual((caught.exception.code, str(caught.exception), caught.exception.hop_id), ("cycle_detected", "A loop.", "h"))

    def test_a_stream_without_an_end_is_a_failure(self):
        with self.assertRaises(kit.HopRejected) as caught:
            self.read("event: chunk\ndata: 1\n\n")
        self.assertEqual(caught.exception.code, "internal")


class Numbers(unittest.TestCase):
    def test_only_whole_numbers_are_read_from_headers(self):
        self.assertEqual([kit._whole(text) for text in ("12", "", None, "-1", "1.5", "²", "9" * 5000)],
                         [12, None, None, None, None, None, None])


class Usage(unittest.TestCase):
    def test_adds_up_and_takes_no_fraction_and_no_negative(self):
        hop = kit.Hop("greeter", "greet", CLAIMS, "t", 1, 0, "http://mesh", None, None)
        hop.report(tokens=1)
        hop.report(tokens=2, cost_micros=3)
        self.assertEqual(hop.usage, {"tokens": 3, "costMicros": 3})
        for wrong in (-1, 0.5):
            self.assertRaises(ValueError, hop.report, tokens=wrong)

    def test_emits_at_most_4_mib(self):
        pieces = []
        hop = kit.Hop("greeter", "greet", CLAIMS, "t", 1, 0, "http://mesh", None, pieces.append)
        hop.emit("x" * (4 * 2**20 - 3))
        with self.assertRaises(kit.HopRejected) as caught:
            hop.emit(10)
        self.assertEqual((caught.exception.code, len(pieces)), ("payload_too_large", 1))


if __name__ == "__main__":
    unittest.main()
