import { CONNECTION_WINDOW } from "./bounds.ts";
import { ConnectionFault, ERROR, windowUpdate } from "./frames.ts";

/** How much the other side may send of all bodies together. What the program has taken may be sent again. */
export class ReceiveWindow {
  readonly #control: (frame: Buffer) => void;
  readonly #size: number;
  #left: number;
  #owed = 0;

  constructor(control: (frame: Buffer) => void, size = CONNECTION_WINDOW) {
    this.#control = control;
    this.#size = size;
    this.#left = size;
  }

  /** So much has come. Throws a ConnectionFault. */
  take(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new ConnectionFault(ERROR.flowControl, "more DATA than the connection allows");
  }

  /** So much of it has been used. The other side is told when it is worth a frame. */
  give(bytes: number): void {
    this.#owed += bytes;
    if (this.#owed < this.#size / 2) return;
    this.#left += this.#owed;
    this.#control(windowUpdate(0, this.#owed));
    this.#owed = 0;
  }
}
