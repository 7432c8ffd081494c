// The bank's page as a payer uses it.

import { equal } from './report.mjs';

/** Pays a charge with a button of the bank's page: what is due, or `amount`. */
export async function pay(browser, local, txid, amount) {
  await atBank(browser, local, async (bank) => {
    const form = bank.locator('form', { has: bank.locator(`input[value="${txid}"]`) });
    if (amount === undefined) {
      await form.getByRole('button', { name: 'Pay', exact: true }).click();
    } else {
      const other = form.filter({ has: bank.locator('input[name=amount]') });
      await other.locator('input[name=amount]').fill(amount);
      await other.getByRole('button', { name: 'Pay this amount' }).click();
    }
  });
}

/** Pays to the merchant's key, which names nobody. */
export async function payKey(browser, local, amount) {
  await atBank(browser, local, async (bank) => {
    const form = bank.locator('form', { has: bank.locator('input[value=pay_key]') });
    await form.locator('input[name=amount]').fill(amount);
    await form.getByRole('button').click();
  });
}

/** The bank takes the last Pix back. */
export async function takeBack(browser, local) {
  await atBank(browser, local, async (bank) => {
    await bank.getByRole('button', { name: 'Take back (MED)' }).first().click();
  });
}

async function atBank(browser, local, act) {
  const bank = await browser.page();
  await bank.goto(`${local.url}/_local/bank`);
  await act(bank);
  await bank.waitForLoadState();
  const said = await bank.textContent('.said');
  equal(said.startsWith('Nothing was done'), false, said);
  equal(bank.faults.join('\n'), '', 'faults of the bank page');
  await bank.done();
}
