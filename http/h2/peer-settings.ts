import type { Frame } from "./frame-reader.ts";
import { ConnectionFault, ERROR, LARGEST_WINDOW, MOST_FRAME_BYTES, SETTING } from "./frames.ts";

const SETTING_BYTES = 6;
const LARGEST_FRAME = 2 ** 24 - 1;

/** What a frame says of the side that sent it. undefined: nothing, so it stays as it was. */
export interface PeerSettings {
  /** The window with which it lets streams begin. */
  readonly initialWindow: number | undefined;
  /** How many streams it lets the other side have under way. */
  readonly mostStreams: number | undefined;
  readonly enablesPush: boolean | undefined;
}

/**
 * RFC 9113 section 6.5.2. Of the other settings nothing is used: no frame of ours is larger than every side takes, no table of
 * ours has entries, nothing is pushed. Throws a ConnectionFault.
 */
export function peerSettings({ bytes, at, end }: Frame): PeerSettings {
  if ((end - at) % SETTING_BYTES !== 0) throw new ConnectionFault(ERROR.frameSize, "SETTINGS is cut off");
  let initialWindow: number | undefined;
  let mostStreams: number | undefined;
  let enablesPush: boolean | undefined;
  for (let from = at; from < end; from += SETTING_BYTES) {
    const value = bytes.readUInt32BE(from + 2);
    switch (bytes.readUInt16BE(from)) {
      case SETTING.enablePush:
        if (value > 1) throw new ConnectionFault(ERROR.protocol, "ENABLE_PUSH is neither 0 nor 1");
        enablesPush = value === 1;
        break;
      case SETTING.maxConcurrentStreams:
        mostStreams = value;
        break;
      case SETTING.initialWindowSize:
        if (value > LARGEST_WINDOW)
          throw new ConnectionFault(ERROR.flowControl, "INITIAL_WINDOW_SIZE is too large");
        initialWindow = value;
        break;
      case SETTING.maxFrameSize:
        if (value < MOST_FRAME_BYTES || value > LARGEST_FRAME)
          throw new ConnectionFault(ERROR.protocol, "MAX_FRAME_SIZE is out of range");
        break;
    }
  }
  return { initialWindow, mostStreams, enablesPush };
}
