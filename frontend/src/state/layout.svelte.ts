/** What is open besides the screen itself. */
import { settings } from "./settings.svelte";

class Layout {
  /** Whether there is room for the sidebar beside the screen. */
  wide = $state(true);
  /** Where there is not, whether it lies over it. */
  drawer = $state(false);
  /** The list of shortcuts. */
  shortcuts = $state(false);
  /** The search, over everything. */
  search = $state(false);

  /** Opens the search, from the drawer or from anywhere else. */
  openSearch(): void {
    this.drawer = false;
    this.search = true;
  }

  get sidebarShown(): boolean {
    return this.wide ? settings.get("sidebar") : this.drawer;
  }

  toggleSidebar(): void {
    if (this.wide) settings.set("sidebar", !settings.get("sidebar"));
    else this.drawer = !this.drawer;
  }
}

export const layout = new Layout();
