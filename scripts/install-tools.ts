/**
 * Installs the tools of `tools.ts`, and prints the folder where they are.
 *
 * usage: npm run -s tools
 */
import { installTools } from './tools.js'

console.log(installTools())
