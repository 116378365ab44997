/** The console's entry point. The key leaves the address bar before anything else happens. */
import { render } from "preact";
import { Console } from "./console.tsx";
import { takeKeyFromAddress } from "./session/key.ts";
import "./style/console.css";

takeKeyFromAddress();
const place = document.getElementById("console");
if (place !== null) {
  place.replaceChildren();
  render(<Console />, place);
}
