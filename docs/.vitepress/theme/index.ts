/** The theme of VitePress with the fonts of the system: nothing to load, and nothing that jumps. */
import type { Theme } from 'vitepress'
import DefaultTheme from 'vitepress/theme-without-fonts'
import './style.css'

export default DefaultTheme satisfies Theme
