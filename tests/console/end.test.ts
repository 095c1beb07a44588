// Ends what the other files share; a hook outside of every suite runs after all of them.
import { after } from 'node:test';
import { closeBrowser } from './browser.ts';
import { stopAll } from './programs.ts';

after(async () => {
  await closeBrowser();
  await stopAll();
});
