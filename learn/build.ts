import { BUNDLE, bundleLessons } from "./bundle.ts";

// At each `npm start`, so that the lessons run the code of this checkout.
bundleLessons(BUNDLE);
