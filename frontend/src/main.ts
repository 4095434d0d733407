import { mount } from "svelte";
import App from "./App.svelte";
import { i18n } from "./i18n/index.svelte";
import { session } from "./state/session.svelte";
import "./styles/base.css";
import "./styles/code.css";

void session.resume();
void i18n.choose().then(() => mount(App, { target: document.getElementById("app")! }));
