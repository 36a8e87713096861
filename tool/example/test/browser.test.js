// The page in headless Chromium. SCREENSHOTS names a folder for the pictures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { existsSync } from 'node:fs';
import * as playwright from 'playwright-core';
import { browse } from '../../../test/clients/browser.mjs';
import { createApp } from '../app.js';
import { openDatabase } from '../database.js';
import { seed } from '../seed.js';
import { ask, listening } from './story.js';

const chromium = process.env.CHROMIUM ?? '/usr/bin/chromium';
const skip = !existsSync(chromium) && 'there is no Chromium';

test('a person reads, writes and is refused', { skip }, async () => {
  const blog = openDatabase(':memory:');
  seed(blog);
  await listening(createApp(blog), (base) => browse(playwright,
    async (page) => {
      const titles = () => page.locator('article h2').allTextContents();
      const picture = async (name) => process.env.SCREENSHOTS && page.screenshot(
        { path: `${process.env.SCREENSHOTS}/${name}.png` });
      const shows = (first) => page.locator('article h2').first()
        .filter({ hasText: first }).waitFor();

      await page.goto(base);
      await shows('On the connexion');
      assert.equal((await titles()).length, 3);
      assert.match(await page.locator('#pages').innerText(),
        /page 1 of 2, 4 posts/);

      // Page 2, and the comments of a post.
      await page.getByRole('button', { name: 'Older' }).click();
      await shows('Notes on the engine');
      await page.getByRole('button', { name: '2 comments' }).click();
      await page.getByText('Charles: I shall.').waitFor();

      // The feed of another person.
      await page.getByLabel('I am').selectOption('Mary');
      await page.getByRole('link', { name: 'My feed' }).click();
      await shows('A difference engine');
      assert.deepEqual(await titles(), ['A difference engine',
        'Numbers that name numbers', 'Notes on the engine']);
      await page.getByRole('button', { name: '2 comments' }).click();
      await page.getByText('Charles: I shall.').waitFor();

      // A second tab, of somebody else: within a second it has the comment
      // that is written in the first.
      const tab = await page.context().newPage();
      await tab.goto(base);
      await tab.getByRole('button', { name: 'Older' }).click();
      await tab.getByRole('button', { name: '2 comments' }).click();
      await tab.getByText('Charles: I shall.').waitFor();
      const reply = page.getByLabel('comment on Notes on the engine');
      await reply.fill(' ');
      await reply.press('Enter');
      await reply.and(page.locator(':invalid')).waitFor();
      assert.equal(await reply.evaluate((input) => input.validationMessage),
        'a comment says something');
      const draft = tab.getByLabel('comment on Notes on the engine');
      await draft.fill('I am just writ');
      await reply.fill('How lovely!');
      await reply.press('Enter');
      await tab.getByText('Mary: How lovely!').waitFor({ timeout: 1000 });
      await page.getByText('Mary: How lovely!').waitFor();
      assert.equal(await tab.locator('article', { hasText: 'Notes on' })
        .getByRole('button').first().innerText(), '3 comments');
      assert.equal(await draft.inputValue(), 'I am just writ');
      assert.equal(await reply.inputValue(), '');
      await tab.close();
      await picture('feed');

      // A refusal says why, and what was written stays in the form.
      await page.getByRole('link', { name: 'All posts' }).click();
      await shows('On the connexion');
      await page.getByLabel('title').fill('A letter');
      await page.getByLabel('tags').fill('Not so');
      await page.getByRole('button', { name: 'Post', exact: true }).click();
      await page.getByText('a tag is lower-case letters and digits').waitFor();
      await page.getByLabel('tags').fill('science letters');
      await page.getByRole('button', { name: 'Post', exact: true }).click();
      await shows('A letter');

      // Somebody else writes <markup>: the page hears of it and shows text.
      const title = '<img src=x onerror=alert(1)>';
      await ask(base, { method: 'POST', path: '/posts', me: 1, body: { title } });
      await shows(title);
      assert.equal(await page.locator('article img').count(), 0);

      // What is mine I may delete.
      await page.locator('article', { hasText: 'A letter' })
        .getByRole('button', { name: 'Delete' }).click();
      await page.getByText('page 1 of 2, 5 posts').waitFor();

      // The diagram.
      await page.getByRole('link', { name: 'Diagram' }).click();
      await page.locator('svg.assoc-diagram').waitFor();
      assert.ok(await page.locator('#write').isHidden());
      const models = await page.locator('g.model text:nth-child(2)')
        .allTextContents();
      assert.deepEqual(models.sort(), ['Comment', 'Follow', 'Post', 'PostTag',
        'Profile', 'Project', 'Tag', 'Team', 'TeamMember', 'User']);
      await picture('diagram');
    }, { viewport: { width: 1040, height: 860 } }));
  blog.db.close();
});
