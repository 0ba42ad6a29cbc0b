import { NO_ROW } from "./ip-index.ts";

/** A port in its part as one that uses IP addresses. */
export class AddressHolder {
  /** Index in the switch. */
  readonly port: number;
  /** Number of the user or of the uplink; another one's only after the port was released. */
  readonly owner: number;
  /** Most addresses that are the owner's because this port used them first. */
  readonly maxAddresses: number;
  /** Where the table of bindings found the address that it used last; checked again at each use. */
  lastRow = NO_ROW;

  constructor(port: number, owner: number, maxAddresses: number) {
    this.port = port;
    this.owner = owner;
    this.maxAddresses = maxAddresses;
  }
}
