import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

/** An issuer's web server on loopback. */
export interface JwksServer {
  /** `http://127.0.0.1:port`, without a slash. */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: string[];
  /** How it answers from now on. */
  answer: (path: string, response: ServerResponse) => void;
  close(): Promise<void>;
}

export async function startJwksServer(t: TestContext): Promise<JwksServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    jwksServer.answer(request.url ?? "", response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  t.after(close);
  const jwksServer: JwksServer = {
    url: `http://127.0.0.1:${port}`,
    asked,
    answer: (_, response) => void response.writeHead(404).end(),
    close,
  };
  return jwksServer;
}

/** Answers every request with the text. */
export function always(text: string): JwksServer["answer"] {
  return (_, response) => void response.end(text);
}
