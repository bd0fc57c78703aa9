x="a $(b "c" 
