import { type IncomingMessage, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { z } from "zod";
import { PeerError } from "../base/errors.ts";
import { AGENT } from "../base/version.ts";
import { refusal, unreachable } from "./control-error.ts";
import type { OperatorTarget } from "./operator-target.ts";

/** Where the API begins, below the place that it is mounted at. */
const API_PATH = "/api/v1";
/** Ten thousand peers are a tenth of that. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** A server that is so busy that it takes longer is worth a sentence. */
const ANSWER_TIMEOUT_MS = 15_000;

/** What can be asked beside the path. */
export type Query = Readonly<Record<string, string | number | undefined>>;

export interface StreamOptions {
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** The stream is broken when nothing came for so long; undefined: it may be silent for ever. */
  readonly silentMs?: number;
}

interface Call extends StreamOptions {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
}

/** Asks a control interface. All errors are VpnErrors that say what to do; those that time may heal are `isPassing`. */
export class ControlClient {
  readonly target: OperatorTarget;

  constructor(target: OperatorTarget) {
    this.target = target;
  }

  /** The answer, as the schema says that it is. Keys that this version does not know yet are kept. */
  async get<Value>(path: string, schema: z.ZodType<Value>, query: Query = {}): Promise<Value> {
    return this.#answer({ method: "GET", path, query }, schema);
  }

  /** Does something; resolves to the server's sentence about it. */
  async act(method: "POST" | "DELETE", path: string, body: object): Promise<string> {
    return (await this.#answer({ method, path, body }, z.object({ message: z.string() }))).message;
  }

  /** Does something, and reads its answer. */
  async post<Value>(path: string, body: object, schema: z.ZodType<Value>): Promise<Value> {
    return this.#answer({ method: "POST", path, body }, schema);
  }

  /** An answer without an end. */
  async stream(path: string, query: Query, options: StreamOptions): Promise<IncomingMessage> {
    return this.#request({ method: "GET", path, query, ...options });
  }

  /** What went wrong while an answer came. */
  broken(cause: unknown): Error {
    return unreachable(this.target, cause instanceof Error ? cause : new Error(String(cause)));
  }

  async #answer<Value>(call: Call, schema: z.ZodType<Value>): Promise<Value> {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    const text = await this.#readAll(await this.#request({ ...call, signal }));
    try {
      const value: unknown = JSON.parse(text);
      schema.parse(value);
      return value as Value;
    } catch (cause) {
      const message = `the answer of ${this.target.display} to ${call.path} is none that we understand.`;
      throw new PeerError("CONTROL_ANSWER", message, { cause, hint: "Is it a vpn-ws of another version?" });
    }
  }

  async #request(call: Call): Promise<IncomingMessage> {
    const response = await this.#send(call);
    const { statusCode = 0 } = response;
    if (statusCode >= 200 && statusCode < 300) return response;
    throw refusal(this.target, statusCode, await this.#readAll(response));
  }

  #send({ method, path, query = {}, body, signal, headers, silentMs }: Call): Promise<IncomingMessage> {
    const { base, socketPath, authorization, ca } = this.target;
    const url = new URL(`${base.href.replace(/\/$/, "")}${API_PATH}${path}`);
    for (const [key, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(key, String(value));
    const content = body === undefined ? undefined : JSON.stringify(body);
    const options: RequestOptions & { ca?: Buffer | undefined } = {
      method,
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(signal === undefined ? {} : { signal }),
      // An Agent would keep connections, and the process with them.
      agent: false,
      ca,
      headers: {
        "user-agent": AGENT,
        ...(authorization === undefined ? {} : { authorization }),
        // Node sends a DELETE's body without saying how long it is.
        ...(content === undefined
          ? {}
          : { "content-type": "application/json", "content-length": Buffer.byteLength(content) }),
        ...headers,
      },
    };
    return new Promise((resolve, reject) => {
      const request = (url.protocol === "https:" ? requestHttps : requestHttp)(url, options, resolve);
      request.on("error", (error) => reject(this.broken(error)));
      if (silentMs !== undefined) {
        request.setTimeout(silentMs, () => request.destroy(new Error(`nothing came for ${silentMs / 1000} s`)));
      }
      request.end(content);
    });
  }

  async #readAll(response: IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > MAX_ANSWER_BYTES) throw new Error("its answer does not end");
        chunks.push(chunk);
      }
    } catch (cause) {
      throw this.broken(cause);
    }
    return Buffer.concat(chunks).toString("utf8");
  }
}
