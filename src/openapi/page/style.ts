/** The page's whole style. Its hash stands in the Content-Security-Policy. */

export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #fdfcfa; --panel: #f4f1ec; --line: #ddd6cc; --ink: #22201d; --soft: #635d55; --link: #0b5c8a;
  --get: #0b6b3a; --post: #0b5c8a; --put: #8a5300; --delete: #a3262a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #17181a; --panel: #202225; --line: #383b40; --ink: #e8e6e3; --soft: #a9a59f; --link: #7cc0ee;
    --get: #6fd39b; --post: #7cc0ee; --put: #e6b265; --delete: #f08c8c;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.875em; }
p code, td code, li code { overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 0.75rem 1rem; overflow-x: auto; margin: 0.75rem 0; }
pre code { font-size: 0.8125rem; }
.layout { display: grid; grid-template-columns: 15.5rem minmax(0, 1fr); max-width: 76rem; margin: 0 auto; }
.side { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2rem 1rem 2rem 1.5rem; font-size: 0.875rem; border-right: 1px solid var(--line); }
.top { display: none; }
nav h2 { font-size: 0.75rem; letter-spacing: 0.06em; text-transform: uppercase; color: var(--soft); margin: 1.25rem 0 0.25rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav li a { display: block; padding: 0.2rem 0; color: var(--ink); text-decoration: none; }
nav li a:hover { color: var(--link); text-decoration: underline; }
main { padding: 2rem 2.5rem 6rem; min-width: 0; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 0.25rem; letter-spacing: -0.02em; }
main > section > h2 { font-size: 1.5rem; margin: 3.5rem 0 0.25rem; letter-spacing: -0.01em; }
h3 { font-size: 1.125rem; margin: 0 0 0.25rem; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover { text-decoration: underline; }
.version, .lead { color: var(--soft); }
p { margin: 0.5rem 0; max-width: 46rem; }
article, .schema { border-top: 1px solid var(--line); padding: 1.5rem 0 1rem; margin-top: 1rem; }
.call { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 0.6rem; max-width: none; }
.call > code { font-size: 1rem; overflow-wrap: anywhere; }
.method { font: 700 0.75rem ui-monospace, monospace; border: 1.5px solid currentColor; border-radius: 4px; padding: 0.1rem 0.4rem; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
.scope { color: var(--soft); font-size: 0.875rem; }
.status { font: 700 0.875rem ui-monospace, monospace; }
.mark, .bounds { color: var(--soft); font-size: 0.8125rem; font-weight: 400; }
.mark { display: block; }
.table { overflow-x: auto; margin: 0.75rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
caption { text-align: left; font-weight: 600; padding-bottom: 0.25rem; }
th, td { text-align: left; vertical-align: top; padding: 0.4rem 0.75rem 0.4rem 0; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; font-size: 0.8125rem; }
tbody th { font-weight: 500; width: 24%; min-width: 8rem; }
td:nth-child(2) { min-width: 9rem; }
details { margin: 0.5rem 0; }
summary { cursor: pointer; color: var(--link); font-size: 0.9375rem; padding: 0.2rem 0; }
.answer { margin: 0.75rem 0; }
.answer ul { margin: 0.25rem 0; padding-left: 1.25rem; }
.option { margin-top: 1rem; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: 0.5rem; z-index: 1; }
@media (max-width: 56rem) {
  .layout { display: block; }
  .side { display: none; }
  .top { display: block; margin: 1rem 0; padding: 0.1rem 1rem; background: var(--panel); border-radius: 6px; }
  .top li a { padding: 0.4rem 0; }
  main { padding: 1.25rem 1rem 4rem; }
  h1 { font-size: 1.625rem; }
}
@media (max-width: 40rem) {
  table, tbody, tr, td, tbody th { display: block; width: auto; }
  thead { position: absolute; left: -100vw; }
  caption { display: block; }
  tr { padding: 0.6rem 0; border-bottom: 1px solid var(--line); }
  td, tbody th, td:nth-child(2) { border: 0; padding: 0.1rem 0; width: auto; }
  .mark { display: inline; }
}
`;
