/** The bare pass-through: what a request through workerd costs when nothing is decided about it and nothing kept. */

interface Env {
  readonly UPSTREAM_URL: string;
}

export default {
  fetch(request, { UPSTREAM_URL }) {
    const { pathname, search } = new URL(request.url);
    return fetch(new Request(UPSTREAM_URL + pathname + search, request));
  },
} satisfies ExportedHandler<Env>;
