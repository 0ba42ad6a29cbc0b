/** The version of this program, as in package.json (a test compares them). */
export const VERSION = "0.1.0";

/** What we call ourselves to the other side: `User-Agent`, `Server`, and the agent of hello and welcome. */
export const AGENT = `vpn-ws/${VERSION}`;
