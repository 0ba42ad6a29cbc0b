import { Store } from "./store.ts";

/** `auto` is what the system wants. */
export const THEMES = ["auto", "light", "dark"] as const;
export type ThemeName = (typeof THEMES)[number];

const KEY = "vpn-ws.theme";

/** Light or dark, remembered by the browser. */
export class Theme {
  readonly name: Store<ThemeName>;

  constructor() {
    this.name = new Store<ThemeName>(THEMES.find((name) => name === remembered()) ?? "auto");
    this.#show();
  }

  choose(name: ThemeName): void {
    try {
      localStorage.setItem(KEY, name);
    } catch {
      // Without storage it lasts until the page is closed.
    }
    this.name.set(name);
    this.#show();
  }

  #show(): void {
    document.documentElement.dataset.theme = this.name.value;
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
