import { byId, setText } from "./element.js";

const THEMES = ["system", "light", "dark"];

/** @param {() => void} changed */
export function prepareTheme(changed) {
  const root = document.documentElement;
  const button = byId("theme");
  const tell = () => setText(byId("theme-name"), root.dataset.theme ?? "system");
  button.addEventListener("click", () => {
    const at = THEMES.indexOf(root.dataset.theme ?? "system");
    const next = THEMES[(at + 1) % THEMES.length] ?? "system";
    if (next === "system") {
      delete root.dataset.theme;
      localStorage.removeItem("edgecache-theme");
    } else {
      root.dataset.theme = next;
      localStorage.setItem("edgecache-theme", next);
    }
    tell();
    changed();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  tell();
}
