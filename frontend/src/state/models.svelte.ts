/** The models that can be asked. */
import { json } from "../api/http";
import type { Model, ModelList } from "../api/types";

class Models {
  items = $state.raw<Model[]>([]);
  providers = $state.raw<ModelList["providers"]>([]);
  /** The one that answers when nothing names a model. */
  standard = $derived(this.items.find((model) => model.default));
  /** Whether no real model is connected. */
  demo = $derived(this.standard?.capabilities.demo ?? false);
  #loading: Promise<void> | undefined;

  /** Loads the list once; again after a failure. */
  load(): Promise<void> {
    this.#loading ??= json<ModelList>("/api/models").then(
      (list) => {
        this.items = list.data;
        this.providers = list.providers;
      },
      () => void (this.#loading = undefined),
    );
    return this.#loading;
  }
}

export const models = new Models();
