import type { Clock } from "../base/clock.ts";
import { Drop, DropCounters } from "../base/drop-reason.ts";
import { describeError } from "../base/errors.ts";
import type { Logger } from "../base/logger.ts";
import { AGENT } from "../base/version.ts";
import type { ClientStatus } from "../control/client-model.ts";
import type { Device } from "../device/device.ts";
import { makeConnectionDeps, type TuneSocket } from "../transport/connection-deps.ts";
import { isTrustedPath } from "../transport/trusted-path.ts";
import type { ControlMessage, CredentialMessage, WelcomeMessage } from "../wire/control-message.ts";
import type { MaskBytes } from "../wire/mask.ts";
import type { ClientOptions } from "./client-options.ts";
import { ClientRecord } from "./client-record.ts";
import { ClientSession } from "./client-session.ts";
import { clientStatus } from "./client-status.ts";
import { DeviceMtu } from "./device-mtu.ts";
import { LaneLog } from "./lane-log.ts";
import { Lanes } from "./lanes.ts";
import { hasAddress } from "./local-address.ts";
import { Outbound } from "./outbound.ts";
import { Servers } from "./servers.ts";
import { SessionConnection, type SessionConnectionDeps } from "./session-connection.ts";
import { SessionDialer } from "./session-dialer.ts";
import type { Wake } from "./wake.ts";

export interface ClientDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly mask: MaskBytes;
  readonly tuneSocket: TuneSocket;
  /** The TAP; it outlives every connection. The client owns it from now on. */
  readonly device: Device;
  /** The device is gone: the process should stop. */
  readonly onDeviceError: (error: Error) => void;
  /** Keeps what the server gives us for later, on the disk when it resolves. Without it nothing is kept. */
  readonly keepCredential?: (credential: CredentialMessage) => Promise<void>;
  /** Gives the device the addresses that the server has for us, as it can. Without it they are not heard. */
  readonly assignAddresses?: (addresses: readonly string[]) => void;
  /** Tells when the way to the server may be another. The client closes it. */
  readonly wake?: Wake;
  /** Whether an address is this machine's; by default the system is asked. */
  readonly hasAddress?: (address: string) => boolean;
}

/**
 * The composition root of the client: a device, and the connections of a session, which feed each other.
 *
 *     TAP ─ batch ─► Outbound ─► connections             connections ─ frames ─► TAP batch ─ flush ─► kernel
 */
export class Client {
  readonly drops = new DropCounters();
  readonly #deps: ClientDeps;
  readonly #options: ClientOptions;
  readonly #record = new ClientRecord();
  readonly #outbound: Outbound;
  readonly #dialer: SessionDialer;
  readonly #lanes: Lanes;
  readonly #mtu: DeviceMtu;
  /** Whether what the server says can be nobody else's word. */
  readonly #isTrusted: boolean;
  /** Whether we show a token: only that is exchanged for another. */
  readonly #showsToken: boolean;
  /** Whether the server has given a credential in this session; one is enough. */
  #hasCredential = false;
  /** Addresses that were handed on last. */
  #addresses = "";
  /** Resolves when what the server gave is kept. */
  #keeping: Promise<void> | undefined;

  constructor(deps: ClientDeps, options: ClientOptions) {
    this.#deps = deps;
    this.#options = options;
    this.#isTrusted = options.servers.every((server) => isTrustedPath(server, options.tls));
    this.#showsToken = options.credentials?.kind === "bearer";
    const { clock, log, device } = deps;
    this.#mtu = new DeviceMtu({ log, device }, options);
    const session = new ClientSession();
    const dialer = new SessionDialer(clock, device.mac, session, options);
    const outbound = new Outbound({ clock, device, drops: this.drops });
    this.#outbound = outbound;
    this.#dialer = dialer;
    const connectionDeps: SessionConnectionDeps = {
      clock,
      shared: makeConnectionDeps(clock, deps.mask, deps.tuneSocket),
      hello: () => ({ kind: "hello", agent: AGENT, mtu: device.mtu, offloads: device.offloads }),
      frames: {
        onFrame: device.write.bind(device),
        onBatchEnd: () => this.#flush(),
        onDrop: (reason) => this.drops.add(reason),
        onEgressDrop: this.drops.add.bind(this.drops),
      },
    };
    this.#lanes = new Lanes(
      {
        clock,
        session,
        outbound,
        record: this.#record,
        log: new LaneLog(clock, log, this.#record),
        servers: new Servers(options.servers, options.race),
        dial: (plan, number, signal) => dialer.dial(plan, number, signal),
        greet: (dialed, number, events) => {
          const connection = new SessionConnection(connectionDeps, dialed, number, events, options);
          this.#record.opened(connection);
          return connection;
        },
        hasAddress: deps.hasAddress ?? hasAddress,
      },
      {
        onWelcome: (welcome, isNew) => this.#onWelcome(welcome, isNew),
        onControl: (message) => this.#onControl(message),
      },
      options,
    );
  }

  /** What it does at this moment, for whoever looks. */
  get status(): ClientStatus {
    const [record, outbound, connections] = [this.#record, this.#outbound, this.#lanes.standing];
    return clientStatus({ record, outbound, connections, device: this.#deps.device, drops: this.drops }, this.#options);
  }

  start(): void {
    const { device, onDeviceError, wake } = this.#deps;
    device.start({ onBatch: (batch) => this.#outbound.send(batch), onError: onDeviceError });
    wake?.start(() => this.#lanes.wake());
    this.#lanes.start();
  }

  /** Back to the favourite server, if it answers. */
  failBack(): void {
    this.#lanes.failBack();
  }

  /** Says goodbye to the server, then the TAP goes. */
  async stop(): Promise<void> {
    this.#deps.wake?.close();
    await this.#lanes.stop();
    await this.#keeping;
    this.#deps.device.close();
  }

  #flush(): void {
    const refused = this.#deps.device.flush();
    if (refused > 0) this.drops.add(Drop.deviceRefused, refused);
  }

  #onControl(message: ControlMessage): void {
    if (message.kind === "credential") this.#onCredential(message);
  }

  #onCredential(credential: CredentialMessage): void {
    if (this.#hasCredential || !this.#showsToken) return;
    this.#hasCredential = true;
    if (this.#isTrusted) {
      this.#keeping = this.#keep(credential);
      return;
    }
    const { user } = credential;
    const text = `a credential for ${user} came on a path that anyone may write to: it is not taken`;
    this.#deps.log.warn("client.credential-refused", text, { user });
  }

  /** On the disk first: the token that we came with is used up, and nothing else lets us in again. */
  async #keep(credential: CredentialMessage): Promise<void> {
    const { log, keepCredential } = this.#deps;
    const { user, token } = credential;
    try {
      await keepCredential?.(credential);
      log.info("client.credential", `the server knows us as ${user} from now on`, { user });
    } catch (error) {
      const text = `the server's credential for ${user} cannot be kept, the next start needs a new invite: ${describeError(error)}`;
      log.error("client.credential-lost", text, { user });
    }
    this.#dialer.useCredentials({ kind: "bearer", token });
  }

  #onWelcome(welcome: WelcomeMessage | undefined, isNew: boolean): void {
    if (isNew) this.#hasCredential = false;
    if (welcome === undefined) return;
    const { device, log } = this.#deps;
    const { agent, mtu, addresses } = welcome;
    log.debug("client.welcome", `the server runs ${agent}`, { mtu });
    this.#assign(addresses);
    if (this.#mtu.fit(mtu)) this.#lanes.sendControl({ kind: "update", mtu: device.mtu });
  }

  /** Unless they are set already. */
  #assign(addresses: readonly string[] | undefined): void {
    if (addresses === undefined || !this.#isTrusted || addresses.join() === this.#addresses) return;
    this.#addresses = addresses.join();
    this.#deps.assignAddresses?.(addresses);
  }
}
