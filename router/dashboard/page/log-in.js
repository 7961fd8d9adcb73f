import { call } from "./call.js";
import { byId, fieldOf, setText } from "./element.js";

/** Asks for the token. @param {() => void} entered */
export function prepareLogin(entered) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("login"));
  const form = /** @type {HTMLFormElement} */ (byId("login-form"));
  // There is nothing behind it to go back to.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answer = await call("/dashboard/login", {
      method: "POST",
      body: { token: fieldOf(form, "token") },
    });
    form.reset();
    setText(
      byId("login-answer"),
      answer.ok ? "" : answer.status === 401 ? "This is not the token." : answer.why,
    );
    if (!answer.ok) return;
    dialog.close();
    byId("log-out").hidden = false;
    entered();
  });
  byId("log-out").addEventListener("click", async () => {
    await call("/dashboard/logout", { method: "POST", body: {} });
    location.reload();
  });
  return () => {
    if (!dialog.open) dialog.showModal();
  };
}
