import { connections } from "./connections.ts";
import { crowd } from "./crowd.ts";
import { cut } from "./cut.ts";
import { fairness } from "./fairness.ts";
import { faults } from "./faults.ts";
import { frozenPeer } from "./frozen-peer.ts";
import { restart } from "./restart.ts";
import { roaming } from "./roaming.ts";
import { saturation } from "./saturation.ts";
import type { Situation } from "./situation.ts";
import { udpFlood } from "./udp-flood.ts";

/** All of them, in the order of the table that they are for. */
export const SITUATIONS: readonly Situation[] = [
  saturation,
  fairness,
  udpFlood,
  frozenPeer,
  restart,
  cut,
  roaming,
  connections,
  crowd,
  faults,
];
