import { vi } from "vitest";
import type { Device } from "./device";

const next = (queue: (() => void)[]) => {
  queue.shift();
  queue[0]?.();
};

/** Web locks, shared by all tabs: who is first in a queue holds its lock, the others wait. */
export class Locks {
  readonly queues = new Map<string, (() => void)[]>();

  request = (name: string, work: () => Promise<unknown>) =>
    new Promise((resolve, reject) => {
      const queue = this.queues.get(name) ?? [];
      this.queues.set(name, queue);
      const run = () =>
        void work()
          .then(resolve, reject)
          .finally(() => queue[0] === run && next(queue));
      queue.push(run);
      if (queue[0] === run) run();
    });

  /** The tabs that held a lock are gone. */
  crash = () => [...this.queues.values()].forEach(next);
}

/** A browser around the tabs. What a tab does when something on the device has changed is added to `storage`. */
export function stubBrowser(device: Device, locks: Locks, storage: ((event: { key: string }) => void)[]) {
  vi.stubGlobal("localStorage", device.storage);
  vi.stubGlobal("navigator", { onLine: true, locks });
  vi.stubGlobal("BroadcastChannel", undefined);
  vi.stubGlobal("addEventListener", (type: string, heard: (event: { key: string }) => void) => {
    if (type === "storage") storage.push(heard);
  });
  vi.stubGlobal("removeEventListener", () => {});
  vi.stubGlobal("document", { hidden: true, addEventListener: () => {}, querySelector: () => null });
  vi.spyOn(Math, "random").mockReturnValue(0);
}
