/** A body whose bytes are at hand, or a body of no bytes. It holds nothing open, so that it may stay unread. */
export async function* plainBody(bytes?: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes !== undefined && bytes.byteLength > 0) yield bytes;
}
