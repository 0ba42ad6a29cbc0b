import { cut } from "./cut.ts";
import { restart } from "./restart.ts";
import { roaming } from "./roaming.ts";
import { saturation } from "./saturation.ts";
import type { Situation } from "./situation.ts";

/** All of them, in the order of the table that they are for. */
export const SITUATIONS: readonly Situation[] = [saturation, restart, cut, roaming];
