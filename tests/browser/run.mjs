// The pages in a real browser: a payer's way from the message to the receipt, and the pages of the
// local runner. Starts `target/debug/quita-local` on a free port with data of its own.
//
//   node tests/browser/run.mjs        after `cargo build` and, in this folder, `npm ci`
//
// Prints one line a check and a sum, leaves pictures in target/browser/, and exits with 0 when all
// passed, 1 when one failed, and 3 when something it needs is not installed.

import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBrowser } from './browser.mjs';
import { startLocal } from './local.mjs';
import { Report } from './report.mjs';
import { guards } from './guards.mjs';
import { localPages } from './local_pages.mjs';
import { payerMoney } from './payer_money.mjs';
import { payerPages } from './payer_pages.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const pictures = join(process.env.CARGO_TARGET_DIR ?? join(root, 'target'), 'browser');
mkdirSync(pictures, { recursive: true });

const report = new Report();
const browser = await openBrowser(pictures);
const local = await startLocal(root);
try {
  await payerPages(report, browser, local);
  await payerMoney(report, browser, local);
  await guards(report, browser, local);
  await localPages(report, browser, local);
} finally {
  await browser.close();
  await local.stop();
}
process.exitCode = report.sumUp(pictures);
