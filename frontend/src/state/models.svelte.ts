/** The models that can be asked. */
import { json } from "../api/http";
import type { List, Model } from "../api/types";

class Models {
  items = $state.raw<Model[]>([]);
  /** The one that answers when nothing names a model. */
  standard = $derived(this.items.find((model) => model.default));
  /** Whether no real model is connected. */
  demo = $derived(this.standard?.provider === "demo");
  #loading: Promise<void> | undefined;

  /** Loads the list once; again after a failure. */
  load(): Promise<void> {
    this.#loading ??= json<List<Model>>("/api/models").then(
      (list) => void (this.items = list.data),
      () => void (this.#loading = undefined),
    );
    return this.#loading;
  }
}

export const models = new Models();
