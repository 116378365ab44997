/** What the reader knows of HTML's elements. */

/** Their end is never written. */
export const VOID = new Set(
  "area base basefont br col embed frame hr img input link meta param source track wbr".split(" "),
);

/** Their content is for machines, for controls or for finding the way, not for reading. */
export const SKIPPED = new Set(
  (
    "script style template noscript nav svg math canvas iframe object audio video map " +
    "select datalist button textarea noembed noframes"
  ).split(" "),
);

/** A passage never runs over their edges. */
export const BLOCK = new Set(
  (
    "address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption figure " +
    "footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html legend li main menu nav ol optgroup option p plaintext pre " +
    "search section summary table tbody tfoot thead title tr ul xmp listing"
  ).split(" "),
);

export const HEADING = new Set("h1 h2 h3 h4 h5 h6".split(" "));

/** White space counts in them. */
export const PREFORMATTED = new Set("pre plaintext xmp listing".split(" "));

/** Rules of their own: a `title` or a `style` in them is none of HTML's. */
export const FOREIGN = new Set("svg math".split(" "));

/** What stands between the words on their two sides. */
export const SEPARATOR: Readonly<Record<string, " " | "\n">> = { br: "\n", td: " ", th: " " };
