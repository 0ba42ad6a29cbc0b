import type { DropReason } from "../base/drop-reason.ts";
import type { Port } from "../switch/port.ts";
import type { PortObserver } from "../switch/port-observer.ts";
import type { Frame } from "../wire/frame.ts";

/** Has the observer see the port's frames, beside any others. */
export function addObserver(port: Port, observer: PortObserver): void {
  const { observer: present } = port;
  if (present === undefined) port.observer = observer;
  else if (present instanceof FanOut) port.observer = new FanOut([...present.observers, observer]);
  else port.observer = new FanOut([present, observer]);
}

/** The opposite. Without any the port is as it was. */
export function removeObserver(port: Port, observer: PortObserver): void {
  const { observer: present } = port;
  if (present === observer) port.observer = undefined;
  if (!(present instanceof FanOut)) return;
  const others = present.observers.filter((one) => one !== observer);
  port.observer = others.length > 1 ? new FanOut(others) : others[0];
}

/** Several that see one port. */
class FanOut implements PortObserver {
  readonly observers: readonly PortObserver[];

  constructor(observers: readonly PortObserver[]) {
    this.observers = observers;
  }

  received(frame: Frame, drop: DropReason): void {
    for (const observer of this.observers) observer.received(frame, drop);
  }

  sent(frame: Frame, drop: DropReason): void {
    for (const observer of this.observers) observer.sent(frame, drop);
  }
}
