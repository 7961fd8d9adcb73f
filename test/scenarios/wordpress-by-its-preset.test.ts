import { missingForWordPress, startRealWordPress } from "../rig/real-wordpress.ts";
import { startRecordedWordPress } from "../rig/recorded-wordpress.ts";
import { wordPressStory } from "../rig/wordpress-story.ts";

describe("the preset of WordPress", () => {
  describe("before a site that answers as WordPress did", () => {
    wordPressStory(startRecordedWordPress);
  });

  const missing = missingForWordPress();
  if (missing !== undefined) it(`before WordPress itself needs ${missing}`);
  else
    describe("before WordPress itself", function () {
      // A database is made for it.
      this.timeout(90_000);
      wordPressStory(startRealWordPress);
    });
});
