import { call } from "./call.js";
import { byId, fieldOf, setText } from "./element.js";

/** Asks for the token: because nothing is shown without it, or because somebody wants to purge. */
export class LogIn {
  /** @param {() => void} entered */
  constructor(entered) {
    this.dialog = /** @type {HTMLDialogElement} */ (byId("login"));
    this.form = /** @type {HTMLFormElement} */ (byId("login-form"));
    this.entered = entered;
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.send();
    });
    this.dialog.addEventListener("cancel", (event) => {
      // There is nothing behind it to go back to.
      if (byId("login-not").hidden) event.preventDefault();
    });
    byId("log-in").addEventListener("click", () => this.ask(false));
    byId("login-not").addEventListener("click", () => this.dialog.close());
    byId("log-out").addEventListener("click", async () => {
      await call("/dashboard/logout", { method: "POST", body: {} });
      location.reload();
    });
  }

  /** @param {boolean} isNeeded */
  ask(isNeeded) {
    byId("login-not").hidden = isNeeded;
    if (!this.dialog.open) this.dialog.showModal();
  }

  async send() {
    const body = { token: fieldOf(this.form, "token") };
    const answer = await call("/dashboard/login", { method: "POST", body });
    this.form.reset();
    setText(byId("login-answer"), answer.ok ? "" : answer.why);
    if (!answer.ok) return;
    this.dialog.close();
    byId("log-out").hidden = false;
    this.entered();
  }
}
