import { realpathSync, statSync } from "node:fs";
import { Argument, type Command } from "commander";
import { parseHtpasswd, setHtpasswdUser } from "../access/htpasswd.ts";
import { hashPassword, newPasswordFault } from "../access/password-hash.ts";
import { ConfigError } from "../base/errors.ts";
import { withFileLock } from "../state/file-lock.ts";
import { replaceFile } from "../state/replace-file.ts";
import { readFlagFile } from "./files.ts";
import { makeCommand } from "./flags.ts";
import { readNewPassword } from "./read-password.ts";
import { userArgument } from "./user-argument.ts";

/** The server's group may read a new file, if it is given to it; others may not, hashes are there to be guessed. */
const NEW_FILE_MODE = 0o640;

const DESCRIPTION = `Sets a user's password in an htpasswd file, as bcrypt. A running server sees it within a second.

It is asked for on a terminal; else it is the first line of standard input:
  vpn-ws passwd /etc/vpn-ws/htpasswd alice < password.txt`;

/** `vpn-ws passwd`. */
export function passwdCommand(): Command {
  return makeCommand("passwd", "set a password in an htpasswd file", DESCRIPTION)
    .addArgument(new Argument("<file>", "the htpasswd file, made if it is not there"))
    .addArgument(userArgument("the user, added if not in it"))
    .action(async (file: string, user: string) => {
      // A file that is no htpasswd file is told before anybody types.
      parseHtpasswd(readText(file), file);
      const password = await readNewPassword(process.stdin, process.stderr);
      const fault = newPasswordFault(password);
      if (fault !== undefined) throw new ConfigError("PASSWORD_INVALID", fault);
      await setPassword(file, user, hashPassword(password));
      process.stderr.write(`The password of ${user} is set in ${file}.\n`);
    });
}

async function setPassword(file: string, user: string, hash: string): Promise<void> {
  // What a link leads to is replaced, not the link.
  const path = isThere(file) ? realpathSync(file) : file;
  await withFileLock(path, async () => {
    const text = setHtpasswdUser(readText(path), user, hash);
    parseHtpasswd(text, path);
    const old = statSync(path, { throwIfNoEntry: false });
    const owner = process.geteuid?.() === 0 ? old : undefined;
    await replaceFile(path, text, { mode: old === undefined ? NEW_FILE_MODE : old.mode & 0o777, owner });
  });
}

/** Empty for a file that is not there. */
function readText(path: string): string {
  return isThere(path) ? readFlagFile("FILE", path).toString("utf8") : "";
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
