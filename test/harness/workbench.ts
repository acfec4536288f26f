/**
 * A real VS Code with our extension in it, driven through a browser: what every end-to-end test opens.
 * One server and one browser serve a file of tests; every test gets a window (browser context) of its own.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { chromium as playwright } from 'playwright-core';
import type { Browser, BrowserContext, FrameLocator, Locator, Page } from 'playwright-core';
import { chromium } from '../../scripts/lib/prepare.mjs';
import { installVsix, startServer } from '../../scripts/lib/vscodeServer.mjs';
import type { RunningServer } from '../../scripts/lib/vscodeServer.mjs';

export const repository = path.resolve(import.meta.dirname, '../..');
export const SCREENSHOTS = path.join(repository, 'test/screenshots');

const WINDOW_SIZE = { width: 1400, height: 860 };
/** Cold starts on a busy two-core machine take most of this; a healthy window is there in 3–6 s. */
const OPEN_WITHIN_MS = 60_000;
const STEP_WITHIN_MS = 30_000;

export interface EditorOptions {
  /** Environment of the server, and so of the extension host and of the engine. */
  readonly env?: Record<string, string>;
  /** Ask for workspace trust, as a person's own VS Code does. */
  readonly trust?: boolean;
  /** A packed extension to install instead of running the repository's folder. */
  readonly vsix?: string;
  readonly smokeTestDriver?: boolean;
}

export interface WindowOptions {
  readonly folder?: string;
  readonly theme?: 'dark' | 'light';
  readonly language?: 'en' | 'zh-cn';
  readonly extensionTests?: string;
}

/** One VS Code server and one browser. */
export class Editor {
  private constructor(readonly home: string, readonly server: RunningServer, private readonly browser: Browser, private readonly options: EditorOptions) {}

  static async start(options: EditorOptions = {}): Promise<Editor> {
    // Short on purpose: VS Code's sockets lie below it.
    const home = await mkdtemp(path.join(os.tmpdir(), 'dw-'));
    if (options.vsix !== undefined) await installVsix(options.vsix, home);
    await writeSettings(home, 'dark');
    const server = await startServer({
      home, trust: options.trust ?? false,
      // Without it a built VS Code ignores extensionDevelopmentPath.
      smokeTestDriver: options.smokeTestDriver ?? options.vsix === undefined,
      env: { DISTILL_STATE_FOLDER: path.join(home, 'state'), ...options.env },
    });
    const browser = await playwright.launch({
      executablePath: await chromium(),
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    return new Editor(home, server, browser, options);
  }

  async open({ folder, theme = 'dark', language = 'en', extensionTests }: WindowOptions = {}): Promise<Workbench> {
    await writeSettings(this.home, theme);
    const context = await this.browser.newContext({ viewport: WINDOW_SIZE, locale: language === 'zh-cn' ? 'zh-CN' : 'en-US', colorScheme: theme });
    // VS Code's own Chinese comes with a language pack from its marketplace; ours is in the extension and follows this.
    if (language !== 'en') await context.addInitScript(`globalThis._VSCODE_NLS_LANGUAGE = ${JSON.stringify(language)};`);
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_WITHIN_MS);
    const remote = (file: string): string => `vscode-remote://127.0.0.1:${this.server.port}${file}`;
    const payload: [string, string][] = [['skipWelcome', 'true']];
    if (this.options.vsix === undefined) payload.push(['extensionDevelopmentPath', remote(repository)]);
    if (extensionTests !== undefined) payload.push(['extensionTestsPath', remote(extensionTests)]);
    const query = new URLSearchParams({ payload: JSON.stringify(payload) });
    if (folder !== undefined) query.set('folder', folder);
    else query.set('ew', 'true');
    return new Workbench(page, context, `${this.server.url}/?${query}`, this.home);
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.stop();
    await rm(this.home, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function writeSettings(home: string, theme: 'dark' | 'light'): Promise<void> {
  const folder = path.join(home, 'u/User');
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, 'settings.json'), JSON.stringify({
    'workbench.colorTheme': theme === 'dark' ? 'Default Dark Modern' : 'Default Light Modern',
    'workbench.startupEditor': 'none', 'workbench.tips.enabled': false, 'extensions.ignoreRecommendations': true,
    'chat.disableAIFeatures': true, 'workbench.secondarySideBar.defaultVisibility': 'hidden', 'git.enabled': false, 'editor.accessibilitySupport': 'off',
    'workbench.enableExperiments': false, 'telemetry.telemetryLevel': 'off', 'window.commandCenter': false,
  }));
}

/** One window. */
export class Workbench {
  constructor(readonly page: Page, private readonly context: BrowserContext, readonly url: string, readonly home: string) {}

  /** Loads the window and waits until the workbench listens. */
  async load(): Promise<this> {
    await this.page.goto(this.url, { timeout: OPEN_WITHIN_MS });
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: OPEN_WITHIN_MS });
    return this;
  }

  /** Shows our view container. A click on the tab of the one that is shown hides it, and a reloaded window brings it back late. */
  async openContainer(name: RegExp | string = /Distill|蒸馏/): Promise<void> {
    const tab = this.page.locator('[id="workbench.parts.activitybar"]').getByRole('tab', { name }).first();
    await tab.waitFor({ timeout: OPEN_WITHIN_MS });
    const shown = this.page.locator('.part.sidebar .composite.title').filter({ hasText: name }).first();
    const deadline = Date.now() + OPEN_WITHIN_MS;
    for (;;) {
      try {
        await shown.waitFor({ timeout: 3000 });
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await tab.click();
      }
    }
  }

  treeRow(text: RegExp | string): Locator {
    return this.page.locator('.pane-body .monaco-list-row').filter({ hasText: text });
  }

  /** Runs a command through the palette; F1 before the workbench listens is lost, so it is pressed until the palette shows. */
  async command(title: string): Promise<void> {
    const input = this.page.locator('.quick-input-widget input.input');
    // The whole title: "Run" is not "Run with Changes…", whichever was used last.
    const whole = new RegExp(`^(.*: )?${title.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
    const row = this.page.locator('.quick-input-list .monaco-list-row').filter({ has: this.page.locator('.label-name', { hasText: whole }) }).first();
    const deadline = Date.now() + OPEN_WITHIN_MS;
    for (;;) {
      // After a webview, focus stays inside its frame, where F1 does not reach the workbench.
      await this.page.locator('.part.titlebar, .part.statusbar').first().click({ position: { x: 2, y: 2 } }).catch(() => undefined);
      await this.page.keyboard.press('F1');
      try {
        await input.waitFor({ timeout: 2000 });
        await input.fill(`>${title}`);
        await row.waitFor({ timeout: 3000 });
        await row.click();
        return;
      } catch (error) {
        await this.page.keyboard.press('Escape');
        if (Date.now() > deadline) throw error;
      }
    }
  }

  /** Chooses a row of the quick pick that is open. */
  async pick(text: RegExp | string): Promise<void> {
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: text }).first().click();
  }

  async type(text: string): Promise<void> {
    await this.page.locator('.quick-input-widget input.input').fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** The page inside the visible webview. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready:visible').frameLocator('iframe#active-frame');
  }

  notification(text: RegExp | string): Locator {
    return this.page.locator('.notification-toast').filter({ hasText: text });
  }

  statusItem(text: RegExp | string): Locator {
    return this.page.locator('.part.statusbar .statusbar-item').filter({ hasText: text });
  }

  async screenshot(name: string): Promise<string> {
    await mkdir(SCREENSHOTS, { recursive: true });
    const file = path.join(SCREENSHOTS, `${name}.png`);
    await this.page.screenshot({ path: file });
    return file;
  }

  /** `orderly` is VS Code's own command, which stores the layout first; `hard` is the browser's, as when a tab crashes. */
  async reload(how: 'orderly' | 'hard' = 'orderly'): Promise<void> {
    if (how === 'hard') {
      await this.page.reload({ timeout: OPEN_WITHIN_MS });
    } else {
      const loaded = this.page.waitForEvent('load', { timeout: OPEN_WITHIN_MS });
      await this.command('Developer: Reload Window');
      await loaded;
    }
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: OPEN_WITHIN_MS });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
