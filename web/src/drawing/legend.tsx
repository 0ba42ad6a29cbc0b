import { SYMBOL_MEANINGS, SYMBOLS } from "./symbol.ts";

/** What the signs mean. Its colours are the drawing's: see palette.ts. */
export function Legend() {
  return (
    <ul class="signs" aria-label="Signs">
      {SYMBOLS.map((name) => (
        <li key={name}>
          <span class={`sign sign-${name}`} aria-hidden="true" /> {SYMBOL_MEANINGS[name]}
        </li>
      ))}
      <li>
        <span class="sign sign-bridge" aria-hidden="true" /> bridge, with what is behind it
      </li>
      <li>
        <span class="sign sign-isolated" aria-hidden="true" /> isolated
      </li>
      <li>
        <span class="sign sign-line" aria-hidden="true" /> talk: ten times the rate is a pixel wider
      </li>
    </ul>
  );
}
