/** `DEVICE`, run in a namespace: a line for each change of the network that is not one of the device. */
import { systemClock } from "../../src/base/clock.ts";
import { watchNetwork } from "../../src/device/network-watch.ts";

watchNetwork(systemClock, process.argv[2] ?? "", () => console.log("changed"));
console.log("watching");
// A watch does not keep the process alive; who started it ends it.
setInterval(() => {}, 1_000_000);
