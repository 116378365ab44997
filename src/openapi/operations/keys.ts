/** Keys: made, listed, revoked. */
import * as z from "zod";
import { TOKEN_KEYS } from "../../../mesh/limits.ts";
import { KeyRequest } from "../../../mesh/schema.ts";
import { ListQuery } from "../../routes/keys.ts";
import { KeyAnswer, MadeKeyAnswer, TokenKeysAnswer } from "../answers.ts";
import { agentKeyRequest, keyRequest } from "../examples.ts";
import { described, json, type Operation, page } from "../operation.ts";

const TAG = "Keys";

export const keyOperations: readonly Operation[] = [
  {
    method: "post",
    path: "/v1/keys",
    id: "makeKey",
    tag: TAG,
    summary: "Make a key",
    description: "The answer is the only place where the key itself stands: the mesh keeps a digest of it.",
    access: "admin",
    body: { schema: KeyRequest, examples: { "A key": keyRequest, "An agent's own key": agentKeyRequest } },
    answers: { "201": json("The key.", MadeKeyAnswer) },
    problems: [],
  },
  {
    method: "get",
    path: "/v1/keys",
    id: "listKeys",
    tag: TAG,
    summary: "List keys",
    description: "Without their secrets, which nobody knows any more.",
    access: "admin",
    params: {
      query: described(ListQuery, { cursor: "The `nextCursor` of the page before.", limit: "Keys on a page." }),
    },
    answers: { "200": json("A page of keys.", page(KeyAnswer)) },
    problems: ["invalid_request"],
  },
  {
    method: "delete",
    path: "/v1/keys/{id}",
    id: "revokeKey",
    tag: TAG,
    summary: "Revoke a key",
    description: "Within a second nobody gets in with it. Chains that it started go on.",
    access: "admin",
    params: { path: z.object({ id: z.string().meta({ description: "The key's `keyId`." }) }) },
    answers: { "204": { description: "It is revoked." } },
    problems: ["not_found"],
  },
  {
    method: "post",
    path: "/v1/token-keys/rotate",
    id: "rotateTokenKeys",
    tag: TAG,
    summary: "Rotate the keys of hop tokens",
    description: `The next key signs from now on, and another one is made and published. Tokens that are out stay good until they expire. It happens by itself every \`HOPLINE_TOKEN_KEY_DAYS\` days; there are at most ${TOKEN_KEYS} keys at once.`,
    access: "admin",
    answers: { "200": json("The keys there are now.", TokenKeysAnswer) },
    problems: ["conflict"],
  },
];
