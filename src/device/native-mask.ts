import { type MaskBytes, maskBytes } from "../wire/mask.ts";
import { loadAddon } from "./addon.ts";

/** Below this a loop in JavaScript beats the call into C, which costs 55 ns (measured on Node 20: break-even near 140). */
const NATIVE_BYTES = 144;

/** The fastest `MaskBytes`: the addon's for long spans. Throws DeviceError `ADDON_MISSING`. */
export function nativeMask(): MaskBytes {
  const addon = loadAddon();
  return (bytes, start, end, key) => {
    if (end - start < NATIVE_BYTES) maskBytes(bytes, start, end, key);
    else addon.maskBytes(bytes, start, end, key);
  };
}
