import { SHARING_WORDS, type SharedPiece, type Sharing } from "../../store/sharing.ts";

type Follower = (piece: SharedPiece) => void;

/** The memory of the store, for the serving threads: what there is of it, and what comes. */
export class SharedStore implements Sharing {
  readonly words = new Int32Array(new SharedArrayBuffer(4 * SHARING_WORDS));
  readonly #followers = new Set<Follower>();
  #pieces: SharedPiece[] = [];

  onPiece(piece: SharedPiece): void {
    // What belongs to an older generation is read no more.
    if (this.#pieces.some(({ generation }) => generation < piece.generation)) this.#pieces = [];
    this.#pieces.push(piece);
    for (const follower of this.#followers) follower(piece);
  }

  /** Gives all pieces to `follower`, now and as they come. The returned function ends that. */
  follow(follower: Follower): () => void {
    for (const piece of this.#pieces) follower(piece);
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }
}
