/** The theme of VitePress, with one more layout: a page of its own in a frame, as the playground is. */
import { useData, withBase } from 'vitepress';
import DefaultTheme from 'vitepress/theme';
import { h } from 'vue';
import './style.css';

const Frame = {
  setup() {
    const { frontmatter } = useData();
    return () => {
      const { frame, title } = frontmatter.value;
      return h('main', [
        h('h1', { class: 'visually-hidden' }, title),
        h('iframe', { class: 'frame', src: withBase(frame), title }),
      ]);
    };
  },
};

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('Frame', Frame);
  },
};
