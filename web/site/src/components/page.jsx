import { href } from '../lib/router.js';
import { Icon } from './icon.jsx';


// The frame of a page.  back: { to, text }, the page above this one.
// wide: for pages whose contents stand side by side.
export function Page({ title, lead, back, wide, children, ...rest }) {
    return (
        <div class={`page ${wide ? 'page--wide' : ''}`} {...rest}>
            {back && (
                <a class="back" href={href(back.to)}>
                    <Icon name="back" /> {back.text}
                </a>
            )}
            <header class="page__head">
                <h1 tabIndex="-1">{title}</h1>
                {lead && <p class="lead">{lead}</p>}
            </header>
            {children}
        </div>
    );
}
