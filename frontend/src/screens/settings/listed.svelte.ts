import { json } from "../../api/http";
import type { List } from "../../api/types";
import { explainError } from "../../i18n/errors";

/** A short list of the server's, loaded at once and whenever it may have changed. */
export class Listed<T> {
  /** Nothing until it was loaded; what was loaded stays when a later try fails. */
  items = $state.raw<T[] | undefined>();
  /** Why the last try failed, in words. */
  problem = $state("");

  constructor(private path: string) {
    void this.load();
  }

  /** Never fails: what went wrong is the problem. */
  load = async (): Promise<void> => {
    this.problem = "";
    try {
      this.items = (await json<List<T>>(this.path)).data;
    } catch (error) {
      this.problem = explainError(error);
    }
  };
}
