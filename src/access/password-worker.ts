/** The program of the thread that checks passwords: a job comes in, whether the password is good goes out. */
import { parentPort } from "node:worker_threads";
import { verifyPassword } from "./password-hash.ts";

export interface PasswordJob {
  /** Without a fault. */
  readonly hash: string;
  readonly password: string;
}

parentPort?.on("message", ({ hash, password }: PasswordJob) => {
  parentPort?.postMessage(verifyPassword(hash, password));
});
