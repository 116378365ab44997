/** States that are not the usual one: nothing there yet, refused, unreachable. Each says what to do. */
import type { ComponentChildren } from "preact";
import { Refusal } from "../session/api.ts";
import { Text } from "./text.tsx";

interface NoticeProps {
  readonly title: string;
  readonly tone?: "plain" | "bad";
  readonly children?: ComponentChildren;
}

export function Notice({ title, tone = "plain", children }: NoticeProps) {
  return (
    <div class={`notice ${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <p class="notice-title">
        {tone === "bad" ? <span aria-hidden="true">✗ </span> : null}
        {title}
      </p>
      {children}
    </div>
  );
}

/** A problem of the API with its code, its sentence, and the fields that are wrong. */
export function ProblemNotice({ error }: { readonly error: Error }) {
  if (!(error instanceof Refusal)) {
    return (
      <Notice title="The server does not answer" tone="bad">
        <p>It is asked again every two seconds. If it was stopped, start it: npm start</p>
      </Notice>
    );
  }
  const { title, code, detail, errors = [] } = error.problem;
  return (
    <Notice title={title} tone="bad">
      <p>
        <code>{code}</code> <Text of={detail} />
      </p>
      {errors.length === 0 ? null : (
        <ul>
          {errors.map(({ pointer, detail }) => (
            <li key={pointer + detail}>
              <code>
                <Text of={pointer === "" ? "/" : pointer} />
              </code>{" "}
              <Text of={detail} />
            </li>
          ))}
        </ul>
      )}
    </Notice>
  );
}

export function Loading({ what }: { readonly what: string }) {
  return (
    <p class="loading" role="status">
      Loading {what}…
    </p>
  );
}
