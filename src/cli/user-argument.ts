import { Argument, InvalidArgumentError } from "commander";
import { isUserName } from "../access/user-name.ts";

/** `<user>` of a command that gives somebody credentials: a name that one can log in with. */
export function userArgument(description: string): Argument {
  return new Argument("<user>", description).argParser((name: string) => {
    if (isUserName(name)) return name;
    throw new InvalidArgumentError("it has 1 to 255 printable characters, no colon, no blanks around it.");
  });
}
