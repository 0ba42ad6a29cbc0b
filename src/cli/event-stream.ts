/** A message of a stream of server-sent events (HTML standard, 9.2). */
export interface StreamedMessage {
  /** `message` if the server names none. */
  readonly event: string;
  readonly data: string;
  /** The last one that was given; empty if there was none yet. */
  readonly id: string;
}

/** Longest line, and longest data of a message: those of ours have some hundred characters. */
const MAX_MESSAGE_LENGTH = 1_000_000;

/** Turns the text of a stream, however it is cut, into its messages. */
export class EventStreamParser {
  #rest = "";
  #event = "";
  #data: string[] = [];
  #dataLength = 0;
  #id = "";

  /** Messages that are complete with this text. Throws an Error if one is longer than any of ours. */
  push(text: string): readonly StreamedMessage[] {
    const messages: StreamedMessage[] = [];
    // What may be the first half of CR LF waits for the next text.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = line === "" ? this.#finish() : this.#field(line);
      if (message !== undefined) messages.push(message);
    }
    if (this.#rest.length + this.#dataLength > MAX_MESSAGE_LENGTH)
      throw new Error("a message of its stream is too long");
    return messages;
  }

  #field(line: string): undefined {
    const [, name = "", value = ""] = /^([^:]*)(?:: ?([\s\S]*))?$/.exec(line) ?? [];
    if (name === "event") this.#event = value;
    else if (name === "id" && !value.includes("\0")) this.#id = value;
    else if (name === "data") {
      this.#data.push(value);
      this.#dataLength += value.length;
    }
  }

  /** An empty line ends a message; one without data is none. */
  #finish(): StreamedMessage | undefined {
    const message = { event: this.#event || "message", data: this.#data.join("\n"), id: this.#id };
    const isEmpty = this.#data.length === 0;
    [this.#event, this.#data, this.#dataLength] = ["", [], 0];
    return isEmpty ? undefined : message;
  }
}
