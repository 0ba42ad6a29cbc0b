import { readFileSync } from "node:fs";
import type { Server } from "node:net";
import { ConfigError } from "../base/errors.ts";
import {
  congestionControl,
  readSocketState,
  SOCKET_STATE_WORDS,
  setCongestionControl,
} from "../device/socket-options.ts";
import { socketDescriptor } from "../transport/socket-descriptor.ts";

/** `auto`: BBR where the path is long enough for it to matter; `system`: the kernel's setting; or a kernel's name. */
export type CongestionChoice = string;

export const DEFAULT_CONGESTION: CongestionChoice = "auto";
export const CONGESTION_HELP =
  "congestion control of TCP: auto (bbr for servers that are not near, if the kernel has it), system, or a name such as cubic";

const SETTINGS = "/proc/sys/net/ipv4";
/** A lost packet is no sign of a full line to it, and it keeps the queue on the path short. */
const BBR = "bbr";
/** Everybody may set it. */
const RENO = "reno";
/** Below this round trip loss is repaired at once, and the system's choice is as good. */
const NEAR_US = 2_000;

/** Reads a kernel setting below /proc/sys/net/ipv4; empty if there is none. */
export type ReadSetting = (name: string) => string;

function readSetting(name: string): string {
  try {
    return readFileSync(`${SETTINGS}/${name}`, "utf8").trim();
  } catch {
    return "";
  }
}

/**
 * Sees to it that sockets have the congestion control of the choice. A process without rights may set only what
 * net.ipv4.tcp_allowed_congestion_control lists; but who is accepted inherits what the listening socket has, which was set
 * while we had all rights. Where the kernel refuses `auto`, the system's stays.
 */
export class Congestion {
  readonly #choice: CongestionChoice;
  readonly #system: string;
  readonly #mayReturnToBbr: boolean;
  readonly #words = new Uint32Array(SOCKET_STATE_WORDS);

  /** Throws a ConfigError for a name that the kernel does not know. */
  constructor(choice: CongestionChoice, read: ReadSetting = readSetting) {
    this.#choice = choice;
    this.#system = read("tcp_congestion_control");
    this.#mayReturnToBbr = read("tcp_allowed_congestion_control").split(" ").includes(BBR);
    if (choice === "auto" || choice === "system") return;
    const known = read("tcp_available_congestion_control");
    if (known === "" || known.split(" ").includes(choice)) return;
    const message = `this kernel has no congestion control "${choice}"; it has: ${known.replaceAll(" ", ", ")}.`;
    throw new ConfigError("CONGESTION_UNKNOWN", message, {
      hint: `If its name is right, load it: modprobe tcp_${choice}`,
    });
  }

  /** For a listening socket, while the process still has its rights. */
  readonly tuneListener = (server: Server): void => {
    const fd = socketDescriptor(server);
    const isTcp = typeof server.address() !== "string";
    if (fd === undefined || !isTcp || this.#choice === "system") return;
    trySet(fd, this.#choice === "auto" ? BBR : this.#choice);
  };

  /** For a connected socket; answers what it has then. Undefined if it is no TCP. */
  tune(fd: number): string | undefined {
    try {
      if (!readSocketState(fd, this.#words)) return undefined;
      const wanted = this.#wanted(this.#words[0] as number);
      if (wanted !== "" && congestionControl(fd) !== wanted) trySet(fd, wanted);
      return congestionControl(fd);
    } catch {
      // The peer has gone already, and "close" is on its way.
      return undefined;
    }
  }

  /**
   * Begins BBR anew on a connected socket, without what it has found out but the shortest round trip: its next pause to
   * measure that is 10 s away. Not done where we could not set BBR again.
   */
  putOffPause(fd: number): void {
    if (!this.#mayReturnToBbr) return;
    trySet(fd, RENO);
    trySet(fd, BBR);
  }

  #wanted(roundTripUs: number): string {
    if (this.#choice === "system") return "";
    if (this.#choice !== "auto") return this.#choice;
    return roundTripUs > NEAR_US ? BBR : this.#system;
  }
}

function trySet(fd: number, name: string): void {
  try {
    setCongestionControl(fd, name);
  } catch {
    // Not there, or not allowed: what it has stays.
  }
}
